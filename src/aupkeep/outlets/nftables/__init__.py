"""The powers `block_traffic` and `throttle`: a table of nftables, looked at by its own listing."""
