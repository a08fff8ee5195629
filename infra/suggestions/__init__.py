"""Who may be the same person, in files of people? Suggestions with reasons; nothing here links anybody."""
