//! What a person sees and presses. Knows nothing of the database.
