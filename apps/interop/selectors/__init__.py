"""What other tools are told: each module gathers the families of one part, for what a person may see."""
