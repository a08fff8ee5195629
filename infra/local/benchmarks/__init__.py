"""What may it cost? Loads that are counted on the laptop, and the budgets they are held to."""
