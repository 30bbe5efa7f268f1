"""Classic tools about data: search, files, commands, orders, customers, documents."""

from .tools_table import a_finding, may, need, some, tool

DATA = [
    tool("search", "web_search search search_web google_search SearchTool internet_search search_engine "
          "duckduckgo brave_search", "Search the web.|Search the internet for information.|Searches the "
          "web for a query.|A search engine.|Useful for current events.", [
              need("query", "query query q search_query text input", "topic", "The search query.|What to "
                    "search for|The query"),
              may("limit", "limit max_results num_results count", "few", "How many results.|Maximum number "
                   "of results", "and show {limit} results|and give me {limit} results|, {limit} results")],
          "to search the web", """
          Search the web for {query}.
          Search for {query}.
          Look up {query}.
          Look up {query} online.
          Google {query}.
          Find information about {query}.
          Find something about {query} on the internet.
          Search the internet for {query}.
          Do a web search for {query}.
          Use the search tool to find {query}.
          Can you search for {query}?
          I want to search the web for {query}.
          Look for {query} on the web.
          What does the web say about {query}?
          Search online for {query}.
          """, a_finding, "The result", "result answer"),
    tool("wiki", "wikipedia search_wikipedia wiki_lookup get_wikipedia_article WikipediaTool",
          "Look up an article on Wikipedia.|Search Wikipedia.|Get a Wikipedia summary", [
              need("title", "title query topic page article", "topic", "The title of the article.|"
                    "The topic")], "a Wikipedia article", """
          Look up {title} on Wikipedia.
          What does Wikipedia say about {title}?
          Find the Wikipedia article about {title}.
          Search Wikipedia for {title}.
          Show me the wiki page on {title}.
          Get the Wikipedia page about {title}.
          Read the Wikipedia article on {title}.
          Wikipedia: {title}
          Check Wikipedia for {title}.
          """, a_finding, "The article", "summary extract"),
    tool("news", "get_news news latest_news fetch_headlines news_search", "Get the latest news.|News "
          "headlines about a topic.|Fetches headlines", [need("topic", "topic query subject", "topic",
                                                              "The topic.|What the news is about")],
          "the news", """
          What is the news about {topic}?
          Get the latest news about {topic}.
          Any news about {topic}?
          Show me headlines about {topic}.
          What's new with {topic}?
          Give me the news on {topic}.
          Find recent news on {topic}.
          Is there any news on {topic}?
          Read me the news about {topic}.
          Latest headlines on {topic}?
          """, a_finding, "The news", "headline"),
    tool("translate", "translate translate_text translator TranslateTool translation",
          "Translate a text.|Translates text into another language.|Translation of a text", [
              need("text", "text text input content phrase", "phrase", "The text to translate.|The text"),
              need("target", "target_language language to target_lang lang", "language",
                    "The language to translate to.|Target language")], "a translation", """
          Translate {text} to {target}.
          Translate {text} into {target}.
          Translate to {target}: {text}
          Translate into {target}: {text}
          How do you say {text} in {target}?
          What is {text} in {target}?
          Say {text} in {target}.
          Put {text} into {target}.
          I need {text} in {target}.
          What does {text} mean in {target}?
          Give me the {target} translation of {text}.
          """, some("phrase"), "The translation", "translation text"),
    tool("read", "read_file readFile open_file cat get_file_contents read view_file", "Read a file.|Reads the "
          "contents of a file.|Returns the text of a file", [
              need("path", "path path file_path filename file", "path", "The path of the file.|Path to the file")],
          "to read a file", """
          Read {path}.
          Read the file {path}.
          Show me the file {path}.
          What is in {path}?
          What's in the file {path}?
          Open {path}.
          Open {path} and tell me what it says.
          Print the contents of {path}.
          cat {path}
          What does {path} say?
          Show the contents of {path}.
          Give me the text of {path}.
          Look into {path}.
          """, some("phrase"), "The text", "content text"),
    tool("write", "write_file writeFile save_file create_file write", "Write a file.|Writes text to a file.|Save "
          "text in a file", [
              need("path", "path file_path filename file", "path", "The path.|Where to write"),
              need("text", "content content text contents data", "phrase", "The text to write.|The content")],
          "to write a file", """
          Write {text} to {path}.
          Write {text} into the file {path}.
          Save {text} in {path}.
          Create the file {path} with the text {text}.
          Write to {path}: {text}
          Put {text} into {path}.
          Save the text {text} as {path}.
          Store {text} in the file {path}.
          Create {path} with the content {text}.
          """),
    tool("delete", "delete_file remove_file deleteFile rm", "Delete a file.|Removes a file.", [
        need("path", "path file_path filename file", "path", "The path.|The file to delete")],
        "to delete a file", """
          Delete {path}.
          Delete the file {path}.
          Remove {path}.
          Remove the file {path}, please.
          Get rid of {path}.
          rm {path}
          Erase {path}.
          I do not need {path} any more. Delete it.
          """),
    tool("list_files", "list_files list_directory ls listFiles list_dir", "List the files of a folder.|Lists a "
          "directory.", [need("path", "path directory folder dir", "word", "The folder.|The directory")],
          "a list of files", """
          List the files in {path}.
          Which files are in {path}?
          What files are in the folder {path}?
          Show me the files in {path}.
          ls {path}
          List the folder {path}.
          What is in the directory {path}?
          Show the directory {path}.
          """, some("words"), "The list", "files"),
    tool("run", "run_command bash shell execute_command run_shell terminal", "Run a shell command.|Executes a "
          "command in the terminal.", [
              need("command", "command cmd input", "command", "The command.|The shell command")],
          "to run a command", """
          Run {command}.
          Run the command {command}.
          Execute {command}.
          Run {command} in the shell.
          What does {command} print?
          Type {command} in the terminal.
          Execute the command {command} for me.
          Start {command} in a terminal.
          """, some("phrase"), "The output", "output stdout"),
    tool("order", "get_order_status order_status track_order check_order getOrderStatus", "Get the status of an "
          "order.|Track an order.|Looks up an order", [
              need("order", "order_id id order_number order", "code", "The order id.|The number of the order")],
          "an order", """
          Where is my order {order}?
          What is the status of order {order}?
          Track order {order}.
          Check order {order}.
          What's up with my order {order}?
          Has order {order} been shipped?
          When will order {order} arrive?
          Status of order {order}?
          Look up my order {order}.
          My order number is {order}. Where is it?
          """, lambda s, v: s.pick("shipped pending delivered cancelled packed delayed open paid".split()),
          "The status of order {order}", "status"),
    tool("delivery", "get_delivery_date delivery_date getDeliveryDate", "Get the delivery date for an order.|When "
          "an order is delivered.", [need("order", "order_id orderId id", "code", "The order id.")],
          "a delivery date", """
          What is the delivery date of order {order}?
          When will order {order} be delivered?
          When is the delivery of {order}?
          Get the delivery date for order {order}.
          Delivery date for {order}?
          Tell me when {order} is delivered.
          """, some("date"), "The delivery date", "delivery_date"),
    tool("customer", "create_customer unicode_customer add_customer new_customer", "Create a new customer with a "
          "name.|Adds a customer.|Create a new customer with Unicode name.", [
              need("name", "customer_name name company", "company", "The customer's name.|Name of the customer"),
              need("about", "description info notes about", "trait", "Description of the customer.|What they do")],
          "a new customer", """
          Create a customer named {name} - {about}
          Create a customer named '{name}', {about}.
          Add the customer {name}, {about}.
          New customer: {name} - {about}
          Create a customer called {name}. It is {about}.
          Add a customer with the name {name}, {about}.
          Register the customer {name}, {about}.
          Create the customer '{name}' - {about}
          Please add {name}, {about}, as a customer.
          """),
    tool("user", "get_user find_user lookup_user user_info getUser get_customer", "Get a user by id.|Look up a "
          "user.|Returns the data of a user", [
              need("user", "user_id id user uid", "int", "The id of the user.|User id")], "a user", """
          Who is user {user}?
          Get user {user}.
          Get the user with id {user}.
          Look up user {user}.
          Show me the data of user {user}.
          Find the user with the id {user}.
          Give me the name of user {user}.
          What do we know about user {user}?
          """, some("full_name"), "The name of the user", "name"),
    tool("colour", "color_picker pick_color favorite_color colour_fact", "Input your fav color and get a random fact "
          "about it.|A fact about a color.", [
              need("colour", "fav_color color colour", "colour", "The color.|Your favorite color")],
          "a colour fact", """
          My favorite color is {colour}.
          Tell me a fact about the color {colour}.
          I like the color {colour} best.
          Give me a fact about {colour}, my favorite color.
          My fav color is {colour}. What do you know about it?
          A fact about the color {colour}, please.
          Pick the color {colour}.
          """, a_finding, "The fact", "fact"),
    tool("capital", "get_capital capital_of country_capital", "Capital of a country.|Get the capital city of a country.", [
        need("place", "country name country_name", "country", "The country.")], "a capital", """
          What is the capital of {place}?
          Get the capital of {place}.
          Which city is the capital of {place}?
          Capital of {place}?
          Tell me the capital city of {place}.
          Name the capital of {place}.
          """, some("city"), "The capital of {place}", "capital"),
    tool("query", "query_database run_query sql search_documents retrieve search_docs", "Search the documents.|Search "
          "the knowledge base.|Find passages in the documents", [
              need("query", "query question text", "topic", "The query.|What to look for"),
              may("k", "top_k k limit", "few", "How many passages.", ", top {k}|and return {k} passages")],
          "a document search", """
          Search the documents for {query}.
          What do the documents say about {query}?
          Find passages about {query} in the documents.
          Look for {query} in our documents.
          Search the knowledge base for {query}.
          Find {query} in the docs.
          What do our docs say on {query}?
          """, a_finding, "The passage", "passage text"),
]
