"""
Makes a configuration from what an Asterisk has for app_queue, and says what became of each line.

| step | module |
|---|---|
| bytes to sections and options with their places, as Asterisk reads them | `comments`, `reader` |
| application arguments, truth values, whole numbers as Asterisk takes them | `arguments` |
| every option: its counterpart, or what happens instead | `option`, `options_*`, `table` |
| sections to drafts of queues, agents, services | `queues`, `members`, `services`, … |
| drafts to files, checked before anything is written | `render`, `proof`, `writing` |
| what became of what | `report` |

`setup` leads all of it. Nothing here is run, resolved or fetched: files are text, and an `#exec` in
them is a line in the report.
"""
