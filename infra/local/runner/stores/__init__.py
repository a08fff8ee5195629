"""What functions keep in tables, kept in this process: the same methods, the same conditions, no AWS."""
