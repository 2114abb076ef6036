"""The built-in room, as a browser sees it: its page, its door, its signalling. Media goes between browsers."""
