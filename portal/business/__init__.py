"""The pages on which a business runs its bookings: what is booked, what ran by itself, what was sent."""
