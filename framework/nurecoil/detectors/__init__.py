"""Detector response: from deposited energy to the observable, with its nuisance parameters."""
