"""How the business writes to its clients: the words of each mail, and who it is from."""
