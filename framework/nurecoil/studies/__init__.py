"""Studies that several commands share: tables of published beside computed numbers, scans, feasibility."""
