"""Nothing here is collected: tests/framework/test_outside_plugin.py installs the distribution."""

collect_ignore_glob = ["src/*", "scripts/*"]
