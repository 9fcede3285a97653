"""A made-up experiment and a made-up search, outside nurecoil's own distribution."""
