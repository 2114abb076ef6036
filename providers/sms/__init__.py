"""Text messages to clients: who carries them, their record, delivery and what became of them."""
