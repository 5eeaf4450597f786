"""The smart-home engine, inside the sandbox: Home Assistant's own automation engine on a virtual clock, with simulated devices."""
