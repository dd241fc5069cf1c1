{{ config(severity='error', meta={'grain': 'local_month'}) }}

with states as (

    select
        local_date,
        person_id,
        site,
        department,
        cost_centre,
        kind,
        sum(messages) as messages
    from {{ ref('billing_states_daily') }}
    group by local_date, person_id, site, department, cost_centre, kind

),

messages as (

    select
        local_date,
        person_id,
        site,
        department,
        cost_centre,
        kind,
        count(*) as messages
    from {{ ref('messages') }}
    group by local_date, person_id, site, department, cost_centre, kind

)

select
    coalesce(messages.local_date, states.local_date) as local_date,
    coalesce(messages.person_id, states.person_id) as person_id,
    coalesce(messages.kind, states.kind) as kind,
    messages.messages,
    states.messages as messages_in_a_state
from messages
full outer join states
    on
        messages.local_date = states.local_date
        and messages.person_id = states.person_id
        and messages.site = states.site
        and messages.department = states.department
        and messages.cost_centre = states.cost_centre
        and messages.kind = states.kind
where coalesce(messages.messages, 0) <> coalesce(states.messages, 0)
