"""What can be changed, for whom: every write of both doors, one transaction each."""
