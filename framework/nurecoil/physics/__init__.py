"""Physics of neutrinos that scatter on electrons: cross sections, sources, oscillation and beta spectra."""
