"""The database: transactions, snapshots, and the drivers that compiled plans run on."""
