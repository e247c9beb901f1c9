"""Tests of FastAGI."""
