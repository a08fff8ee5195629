"""Who is under way in which version of a journey, and how are they brought from one to another?"""
