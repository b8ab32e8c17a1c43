"""Forms judge shape only (present, type, length); whether something is true or possible, the libraries judge."""
