"""Taking a business away in one file, and proving that file without us."""
