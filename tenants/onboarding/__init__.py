"""Onboarding: from one form to a link that works, as a run of signed steps that can be resumed or rolled back."""
