"""The small program that sends one message: a process of its own, fenced in and ended when its time is over.

It imports neither Django nor more of the portal than plain rules, so that it starts within a fraction of a second.
"""
