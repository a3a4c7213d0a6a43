"""Socket frames, and the bus that carries them between processes."""
