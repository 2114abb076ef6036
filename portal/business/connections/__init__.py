"""What a business is connected to: its hosts' calendars, where people meet, who is told."""
