"""What a business sets about itself: face, colour, logo, who may come in, the pause, API keys."""
