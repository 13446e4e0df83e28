"""What the service keeps in SQL: customers, cases, ledger, attempts, policies, keys, marks and notices.

Start at `records.store.Records`. Everything here is synchronous and thread-safe: activities call it through
`asyncio.to_thread`. SQLite in a file is the default; nothing here is out of PostgreSQL's reach.
"""
