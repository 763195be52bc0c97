"""Attacks of one caller at full size, and what another organization notices of them."""
