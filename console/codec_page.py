"""The page on which a browser gets the right to have payloads opened for Temporal's web UI."""

from html import escape

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Temporal payloads</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 38rem; margin: 3rem auto; padding: 0 1rem; }}
input, button {{ font: inherit; padding: .4rem .6rem; }}
input {{ width: 100%; box-sizing: border-box; margin: .3rem 0 1rem; }}
</style>
</head>
<body>
<h1>Temporal payloads</h1>
{inside}
</body>
</html>
"""

SIGN_IN = _FRAME.format(
    inside="""<p>With a reviewer's token, this browser may show in Temporal's web UI what is sealed in history.</p>
<form method="post" action="/codec/session">
<label for="token">Token (<code>portout token add</code> made it)</label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus>
<button>Sign in</button>
</form>"""
)


def signed_in(person: str) -> str:
    """What to do next, for somebody whose token was taken."""
    return _FRAME.format(
        inside=f"""<p>Signed in as <strong>{escape(person)}</strong>, for twelve hours.</p>
<p>In Temporal's web UI, open <em>Codec Server</em> (the glasses at the top), choose <em>Use my browser setting</em>,
give it the address of this page without <code>/session</code>, and switch on <em>Include cross-origin
credentials</em>.</p>
<form method="post" action="/codec/session"><button>Sign out</button></form>"""
    )
