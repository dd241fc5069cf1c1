{{ config(materialized='table', meta={'grain': 'local_date', 'inputs_context_days': 1}) }}

with messages as (

    select * from {{ ref('int_messages_located') }}
    where kind in ('message', 'file_transfer')

),

people as (

    select * from {{ source('inputs', 'addresses') }}

),

addresses as (

    select * from {{ ref('int_addresses_classed') }}

),

recipients as (

    select
        local_date,
        message_id,
        sent_at,
        collection,
        site,
        len(recipients) as recipients,
        unnest(recipients) as recipient
    from messages

),

classed as (

    select
        recipients.local_date,
        recipients.message_id,
        recipients.recipient,
        recipients.recipients,
        addresses.address,
        coalesce(people.person_id, 'unknown') as person_id,
        case
            when addresses.is_external then 'external'
            when people.site <> recipients.site then 'between_sites'
            else 'internal'
        end as destination
    from recipients
    inner join addresses
        on
            recipients.local_date = addresses.local_date
            and recipients.recipient = addresses.archived_address
    left join people
        on
            addresses.address = people.address
            and (people.collection = '' or recipients.collection = people.collection)
            and (people.start_at is null or recipients.sent_at >= people.start_at)
            and (people.end_at is null or recipients.sent_at < people.end_at)

),

-- Most messages have one recipient, who need not be compared with others.
ranked as (

    select
        *,
        true as is_farthest
    from classed
    where recipients = 1
    union all
    select
        *,
        row_number() over (
            partition by message_id
            order by
                case destination when 'external' then 1 when 'between_sites' then 2 else 3 end,
                address,
                recipient
        ) = 1 as is_farthest
    from classed
    where recipients > 1

),

final as (

    select
        local_date,
        message_id,
        recipient,
        person_id,
        destination,
        is_farthest
    from ranked

)

select * from final
