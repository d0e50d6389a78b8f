"""A person at work, without a screen: what is selected, searched, checked in the background, recorded and said."""
