"""What the page around a picture is about: who, where, what and when, each with the sentence it stands in.

Context never decides. It helps a person to tell a picture that praises from a picture that reports; `decision` does
not import it, and nothing here imports the house.
"""
