"""The saga runner: actions that can do and undo, workflows made of them, and what performs them durably."""
