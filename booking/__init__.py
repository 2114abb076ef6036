"""The product: what can be booked, when, the guard that no double-booking passes, and the workflows."""
