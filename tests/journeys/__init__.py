"""Journeys through the running product in Chromium, and the pictures of it."""
