"""The flow interpreter: menus, prompts, digits, branches. Pure: results in, actions out."""
