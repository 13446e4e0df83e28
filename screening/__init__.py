"""The decision core: policy, checks and decision. Pure: no I/O but rule files, no clock, no Temporal."""
