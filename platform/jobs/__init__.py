"""Jobs: rows written with the fact that causes them; the broker only carries their ids."""
