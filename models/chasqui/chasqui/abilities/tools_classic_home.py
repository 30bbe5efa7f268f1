"""Classic tools of daily life: time, messages, reminders, lights, travel, food, jokes."""

from .tools_table import a_finding, may, need, one_of, some, tool

_STATE = need("state", "on state enabled power is_on turned_on", "onoff",
               "Whether it is on.|true for on, false for off|On or off.")

HOME = [
    tool("time", "get_time get_current_time current_time time getTime world_clock clock get_local_time",
          "Get the current time in a city.|Current time for a place.|Returns the local time.|Tells the "
          "time in a city", [need("city", "city location place timezone", "city", "The city.|The place")],
          "the time", """
          What time is it in {city}?
          what's the time in {city}
          What is the time in {city}?
          What is the current time in {city}?
          Tell me the time in {city}.
          Get the current time in {city}.
          Current time in {city}?
          How late is it in {city}?
          Is it morning in {city}?
          Is it late in {city} now?
          What does the clock say in {city}?
          Time in {city}?
          Give me the local time of {city}.
          I want to call somebody in {city}. What time is it there?
          """, some("time"), "The time in {city}", "time"),
    tool("now", "get_time get_current_time now current_time get_date current_datetime today",
          "Get the current time.|Returns the current date and time.|Tells what time it is now.", [],
          "the time", """
          What time is it?
          What time is it now?
          What is the current time?
          Tell me the time.
          What's the time?
          what is the time
          Do you know what time it is?
          Give me the current time.
          How late is it?
          Get the current time.
          Check the clock.
          Tell me what time it is.
          """, some("time"), "The time", "time"),
    tool("email", "send_email send_email sendEmail email send_mail EmailTool write_email mail",
          "Send an email.|Sends an email to a recipient.|Send a message by email.", [
              need("to", "to to recipient address email", "email", "The recipient.|The email address"),
              may("subject", "subject title topic", "topic", "The subject.|Subject line",
                   "with the subject {subject}|with subject {subject}"),
              need("body", "body body message text content", "phrase", "The text of the mail.|"
                    "The message")], "to send an email", """
          Send an email to {to} saying {body}.
          Send an email to {to} that says {body}.
          Write to {to} that {body}.
          Email {to}: {body}
          Mail {to} with the text {body}.
          Send {body} to {to}.
          Write an email to {to} with the subject {subject} and the text {body}.
          Email {body} to {to}.
          Send a mail to {to} with subject {subject} and body {body}.
          Can you email {to} and say {body}?
          Tell {to} by email: {body}
          Drop {to} a mail: {body}
          """),
    tool("message", "send_message sendMessage text_message send_sms message sms", "Send a message.|Sends a "
          "text message to a contact.|Send an SMS", [
              need("to", "to recipient contact name person", "person", "Who gets the message.|The contact"),
              need("body", "message text body content", "phrase", "The message.|The text")],
          "to send a message", """
          Send a message to {to}: {body}
          Text {to} that {body}.
          Tell {to} that {body}.
          Message {to}: {body}
          Send {to} the message {body}.
          Send a text to {to} saying {body}.
          Write {to} a message: {body}
          Let {to} know that {body}.
          Send an SMS to {to} with the text {body}.
          Text {body} to {to}.
          """),
    tool("call", "call_contact make_call phone_call call dial", "Call a contact by phone.|Makes a phone "
          "call.", [need("who", "name contact person callee", "person", "Who to call.|The contact")],
          "a phone call", """
          Call {who}.
          Phone {who}.
          Ring {who} for me.
          Make a call to {who}.
          Give {who} a call.
          Dial {who}.
          I want to talk to {who} on the phone.
          Start a phone call with {who}.
          Can you call {who}?
          Please call {who} now.
          """),
    tool("reminder", "set_reminder create_reminder add_reminder remind reminder remind_me",
          "Set a reminder.|Creates a reminder.|Remind the user of something.", [
              need("text", "text task message title what", "phrase", "What to remind of.|The reminder"),
              need("time", "time when at due", "time", "When to remind.|The time")], "a reminder", """
          Remind me at {time} to {text}.
          Set a reminder at {time}: {text}
          Set a reminder for {time} to {text}.
          At {time}, remind me to {text}.
          Create a reminder for {time}: {text}
          Remind me of {text} at {time}.
          Add a reminder {text} at {time}.
          I must not forget {text} at {time}.
          Make a reminder at {time} with the text {text}.
          Can you remind me at {time} to {text}?
          """),
    tool("alarm", "set_alarm alarm create_alarm wake_me setAlarm", "Set an alarm.|Sets an alarm clock.|"
          "Alarm at a given time.", [
              need("time", "time at alarm_time when", "time", "The time of the alarm.|When"),
              may("label", "label name title", "word", "A label.", "with the label {label}|called {label}|"
                   "and label it {label}")], "an alarm", """
          Set an alarm for {time}.
          Wake me up at {time}.
          Wake me at {time}.
          Set the alarm to {time}.
          Set my alarm clock for {time}.
          I need an alarm at {time}.
          Alarm at {time}, please.
          Create an alarm for {time}.
          Make an alarm for {time}.
          I have to get up at {time}. Set an alarm.
          """),
    tool("timer", "set_timer start_timer timer countdown", "Start a timer.|Sets a timer in minutes.|"
          "Countdown timer", [need("minutes", "minutes duration duration_minutes mins", "count",
                                    "How many minutes.|Minutes")], "a timer", """
          Set a timer for {minutes} minutes.
          Start a timer for {minutes} minutes.
          Start a {minutes} minute timer.
          Timer for {minutes} minutes.
          Set a {minutes} min timer.
          Count down {minutes} minutes.
          Tell me when {minutes} minutes are over.
          I need a timer of {minutes} minutes.
          Give me a {minutes} minute countdown.
          """),
    tool("light", "set_light toggle_light light_switch control_light lights set_lights LightTool",
          "Turn a light on or off.|Switches the lights.|Control the lights of a room.", [
              need("room", "room room location light", one_of(
                  kitchen="kitchen", bedroom="bedroom", bathroom="bathroom", garage="garage", hall="hall",
                  office="office"), "The room.|Which room"), _STATE], "to switch a light", """
          Turn {state} the light in the {room}.
          Turn the {room} light {state}.
          Switch {state} the {room} lights.
          Switch the light in the {room} {state}.
          Turn {state} the lights in the {room}.
          Lights {state} in the {room}.
          {room} light {state}
          Please turn the lights in the {room} {state}.
          I want the light in the {room} {state}.
          Set the {room} light to {state}.
          Can you switch {state} the light in the {room}?
          """),
    tool("light", "set_light lights toggle_lights light turn_lights", "Turn the light on or off.|Light switch.",
          [_STATE], "to switch the light", """
          Turn {state} the light.
          Turn the light {state}.
          Turn the lights {state}.
          Switch {state} the lights.
          Switch the light {state}.
          Lights {state}!
          Light {state}, please.
          I want the light {state}.
          Please switch the lights {state}.
          The light should be {state}.
          """),
    tool("heating", "set_temperature set_thermostat setTemperature thermostat heating adjust_temperature",
          "Set the temperature of a room.|Sets the thermostat.|Set the target temperature.", [
              need("degrees", "temperature degrees target value temp", "degrees", "The temperature.|Degrees "
                    "Celsius"),
              may("room", "room zone location", "word", "The room.|Where", "in the {room}|in the {room} room")],
          "to set the temperature", """
          Set the temperature to {degrees}.
          Set the temperature to {degrees} degrees.
          Set the heating to {degrees} degrees.
          Set the thermostat to {degrees}.
          Make it {degrees} degrees.
          Heat to {degrees} degrees.
          Change the temperature to {degrees}.
          I want it to be {degrees} degrees.
          Turn the thermostat to {degrees}.
          Put the heating at {degrees} degrees.
          It should be {degrees} degrees here.
          """),
    tool("volume", "set_volume change_volume volume setVolume", "Set the volume.|Sets the sound volume.|Volume "
          "in percent", [need("level", "level volume percent value", "percent", "The volume from 0 to 100.")],
          "to set the volume", """
          Set the volume to {level}.
          Volume {level}.
          Turn the volume to {level}.
          Change the volume to {level} percent.
          Put the volume at {level}.
          Make the sound {level} percent loud.
          Set the sound to {level}%.
          Volume to {level}, please.
          """),
    tool("lock", "lock_door set_lock door_lock lock", "Lock or unlock a door.|Controls the lock of a door.", [
        need("door", "door door_name which", "word", "The door.|Which door"),
        need("locked", "locked lock state is_locked", "lock", "true to lock, false to unlock|Whether to lock it.")],
        "to use a lock", """
          {locked} the {door} door.
          Please {locked} the {door} door.
          Can you {locked} the {door} door?
          I want you to {locked} the {door} door.
          Go and {locked} the {door} door.
          Could you please {locked} the {door} door?
          """),
    tool("event", "create_event add_event create_calendar_event schedule_event calendar_add", "Create a calendar "
          "event.|Adds an event to the calendar.", [
              need("title", "title name summary event", "thing", "The title.|Title of the event"),
              need("date", "date day when", "date", "The date.|When it is"),
              may("time", "time start start_time", "time", "The start time.", "at {time}")],
          "a calendar event", """
          Create an event called {title} on {date}.
          Add {title} to my calendar on {date}.
          Put {title} in the calendar for {date}.
          Add an event {title} for {date}.
          Schedule {title} for {date}.
          New calendar event: {title} on {date}
          Create a calendar event {title} for {date}.
          Make an event named {title} on {date}.
          I have a {title} event on {date}. Add it to the calendar.
          """),
    tool("agenda", "get_events list_events get_calendar check_calendar calendar get_schedule", "Get the events of "
          "a day.|Lists calendar events.|Show the calendar for a date", [
              need("date", "date day on", "date", "The date.|The day")], "the calendar", """
          What is on my calendar on {date}?
          What events do I have on {date}?
          Show my calendar for {date}.
          List my events for {date}.
          Check my calendar for {date}.
          What is on my schedule on {date}?
          Am I free on {date}? Check the calendar.
          Get the events for {date}.
          """, some("things"), "The list", "events"),
    tool("flight", "book_flight search_flights find_flights get_flights flight_search", "Find flights between two "
          "cities.|Search for flights.|Flights from one city to another", [
              need("source", "origin from departure from_city source", "city", "Where the flight starts."),
              need("target", "destination to arrival to_city", "city", "Where the flight goes."),
              may("date", "date departure_date day", "date", "The date.", "on {date}|on {date}")], "a flight", """
          Find a flight from {source} to {target}.
          Find flights from {source} to {target}.
          Search flights from {source} to {target}.
          I want to fly from {source} to {target}.
          I need a flight from {source} to {target}.
          Flights {source} to {target}?
          Show me flights from {source} to {target}.
          Get me from {source} to {target} by plane.
          I need a flight to {target} from {source}.
          Are there flights to {target} from {source}?
          """, some("code"), "The flight", "flight"),
    tool("hotel", "book_hotel reserve_hotel hotel_booking find_hotel", "Book a hotel room.|Books a hotel in a "
          "city.", [
              need("city", "city location place", "city", "The city."),
              need("nights", "nights num_nights stay", "few", "How many nights.|Number of nights"),
              may("guests", "guests people num_guests", "few", "Number of guests.",
                   "for {guests} people|for {guests} guests")], "a hotel", """
          Book a hotel in {city} for {nights} nights.
          I need a hotel in {city} for {nights} nights.
          Reserve a hotel room in {city} for {nights} nights.
          Find me a hotel in {city}, {nights} nights.
          Get me a hotel for {nights} nights in {city}.
          I want to stay {nights} nights in a hotel in {city}.
          Hotel in {city} for {nights} nights, please.
          """),
    tool("table", "book_table reserve_table make_reservation restaurant_booking", "Book a table at a restaurant.|"
          "Reserves a table.", [
              need("place", "restaurant place name", "company", "The restaurant."),
              need("people", "people guests party_size seats", "few", "How many people.|Number of guests"),
              may("time", "time at when", "time", "The time.", "at {time}")], "a table", """
          Book a table for {people} at {place}.
          Reserve a table for {people} people at {place}.
          I need a table for {people} at {place}.
          Get us a table at {place} for {people} people.
          Make a reservation for {people} at {place}.
          Table for {people} at {place}, please.
          We are {people} people. Book a table at {place}.
          """),
    tool("music", "play_music play_song play music_player", "Play a song.|Plays music.|Play music of an artist", [
        need("what", "song title query artist track", "thing", "The song.|What to play"),
        may("loop", "repeat loop shuffle", "with", "Whether to repeat.", "{loop} repeat")], "music", """
          Play {what}.
          Play the song {what}.
          I want to hear {what}.
          Put on {what}.
          Play some music: {what}
          Can you play {what}?
          Let me listen to {what}.
          Start the song {what}.
          """),
    tool("joke", "get_joke tell_joke random_joke", "Get a random joke.|Returns a joke.", [], "a joke", """
          Tell me a joke.
          Get me a joke.
          I want to hear a joke.
          Do you know a joke?
          Give me a random joke.
          Make me laugh with a joke.
          One joke, please.
          """, a_finding, "The joke", "joke"),
    tool("structured_joke", "Joke tell_joke JokeTool", "Joke to tell user.|A joke with setup and punchline.", [
        need("topic", "setup", "joke_setup", "question to set up a joke|The question"),
        need("end", "punchline", "joke_end", "answer to resolve the joke|The answer")], "a joke", """
          Tell me a joke about {topic}.
          Give me a joke about {topic}.
          Tell a joke about {topic}.
          I want a joke about {topic}.
          Do you know a joke about {topic}?
          Give me a joke about {topic}, include the punchline.
          A joke about {topic}, please.
          Make a joke about {topic}.
          """),
    tool("greeting", "greeting_generator generate_greeting greet make_greeting", "Generate a greeting in a particular "
          "style of speaking.|Makes a greeting.", [
              need("style", "style answer_style manner", "word", "The style of the greeting.|The style")],
          "a greeting", """
          Using the tool, generate a {style} greeting.
          Generate a {style} greeting.
          Make a greeting in {style} style.
          I want a greeting in the style {style}.
          Generate a greeting in the {style} style.
          Use the tool to make a {style} greeting.
          """, some("phrase"), "The greeting", "greeting"),
    tool("recipe", "get_recipe find_recipe recipe_search search_recipes", "Find a recipe.|Recipes with some "
          "ingredients.|Search recipes by ingredients", [
              need("items", "ingredients items foods", "things", "The ingredients.|What goes in"),
              may("vegan", "vegan is_vegan vegan_only", "yesno", "Whether it is vegan.", "(vegan: {vegan})|"
                   ", vegan: {vegan}")], "a recipe", """
          Find a recipe with {items}.
          What can I cook with {items}?
          I have {items}. What can I cook?
          Give me a recipe with {items}.
          Search a recipe that uses {items}.
          Recipe with {items}?
          What can I make from {items}?
          """, some("thing"), "The recipe", "recipe"),
    tool("todo", "add_todo add_task create_task todo_add create_todo", "Add a task to the to-do list.|Creates a "
          "task.", [
              need("task", "task title text name", "phrase", "The task.|What to do"),
              may("priority", "priority level importance", one_of(low="low", medium="medium", high="high|high|urgent"),
                   "The priority.", "with {priority} priority|with priority {priority}")], "a new task", """
          Add {task} to my to-do list.
          Add a task: {task}
          Create the task {task}.
          Put {task} on my list.
          New task: {task}
          I have a new task: {task}
          Add the task {task}.
          Note down this task: {task}
          """),
    tool("shopping", "add_to_list add_items shopping_list add_to_shopping_list add_groceries", "Add items to the "
          "shopping list.|Adds things to a shopping list.", [
              need("items", "items things products", "things", "The items.|What to buy")], "the shopping list", """
          Add {items} to the shopping list.
          Put {items} on my shopping list.
          I need to buy {items}.
          We are out of {items}. Put them on the list.
          Add {items} to my groceries.
          Shopping list: {items}
          Write {items} on the shopping list.
          """),
]
