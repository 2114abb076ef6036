"""The built-in room, as a browser sees it: its page and its signalling. Media comes later."""
