"""Ready-made parts for experiment plugins: recoil spectra in energy, replaceable inputs, backgrounds."""
