"""One declaration per type, one SQL statement per document; and resolvers for everything else."""
