"""What a person sees of it in the browser: plain HTML, which needs no script to be read."""
