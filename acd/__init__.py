"""The decision core: queues, agents, offers. Pure: facts and a time in, commands out."""
