"""A stand-in carrier that behaves like Telnyx's port-out API, faults included.

The API is served under ``/v2`` (`sandbox.app`), the strings to pull under ``/sandbox`` (`sandbox.control`),
both by `sandbox.serve.SandboxServer`. Everything lives in memory and in one event loop. Imports nothing of
the other rooms, so that a mistake there cannot agree with itself here.
"""
