"""The house's face: the API, the gate, and what people see."""
