"""The webhook door: what platforms send is checked, kept and answered at once."""
