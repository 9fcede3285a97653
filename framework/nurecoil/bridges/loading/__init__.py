"""The door through which foreign JSON comes in: bounded, checked, told apart."""
