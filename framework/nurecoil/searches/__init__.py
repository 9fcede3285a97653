"""The searches that come with nurecoil; they are registered through the same entry points as any other."""
